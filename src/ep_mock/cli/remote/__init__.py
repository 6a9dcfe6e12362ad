"""What the commands for a running server share: its client, their options, and how they show answers."""
