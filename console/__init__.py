"""The web console: what people see of the API. It decides nothing: its buttons come from the commands that the API
says are possible, its errors are the API's."""
