"""The commands that steer a running server, one file each."""
