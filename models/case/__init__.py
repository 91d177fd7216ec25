"""The life of one graduate's file as pure rules: decide, evolve, deadlines. No clock, no database, no Temporal."""
