"""A curator's acts: each is one transaction under the line's lock, logged with before and after."""
