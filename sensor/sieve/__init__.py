"""The sieve: compiled kernels that let by every frame of which the river would make nothing.

Its law: it may pass too much, never too little. `frame.judge` says what becomes of one frame.
"""
