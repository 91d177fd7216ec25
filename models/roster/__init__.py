"""Reading and judging a roster: a file becomes rows, a row becomes a person or a list of reasons why not."""
