"""What goes out: feedback, points for Canvas and Moodle, the summary."""
