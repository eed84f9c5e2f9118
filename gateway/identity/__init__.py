"""Who says so: certificates, keys, epochs, and the algorithms of sealing. Home of `cryptography`.

Nothing outside this package names an algorithm. No queue, no policy and no network live here.
"""
