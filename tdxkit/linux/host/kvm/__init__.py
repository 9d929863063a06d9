"""KVM's paths for one TD, each in the context that the kernel runs it in."""
