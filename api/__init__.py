"""The HTTP interface: authentication, problems and one router per resource. It holds no rule."""
