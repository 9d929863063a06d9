"""KVM's memory attributes: abi and ioctl (the uAPI and its checks), vm (the locked part, which fills the XArray), result, memslots,
guest_ram (the RAM of large guests); script, tree_state, tree_run and vectors drive a VM and its tree command by command.
"""
