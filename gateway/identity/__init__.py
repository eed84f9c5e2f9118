"""Who says so: certificates, keys and epochs, and the algorithms they use."""
