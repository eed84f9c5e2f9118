"""Is it what it says: type by content, archives taken apart, malware scanners: findings as facts."""
