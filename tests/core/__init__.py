"""Given, when, then: the rules of a case without any of the world around them."""
