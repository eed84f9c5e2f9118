"""Services as hospitals have them, small and whole: what stands behind the gate in test_real_peers.py."""
