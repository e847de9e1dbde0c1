"""What a problem set is: its problems, and the zip that students get."""
