"""The scanners."""
def scanners(host, settings):
    return iter(())
