"""First figures: this product beside bare Temporal on the same server, in one run."""
