"""The durable shells: each keeps a promise over months and crashes, and holds no rule of its own."""
