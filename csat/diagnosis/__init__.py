"""What is wrong with this installation and what to do about it: for the shell, and for Settings → System."""
