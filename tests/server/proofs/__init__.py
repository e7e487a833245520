"""What proves the server: checks of the real program from outside."""
