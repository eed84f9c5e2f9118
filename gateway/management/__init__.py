"""What people and other machines see: settings, command line, health."""
