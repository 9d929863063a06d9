"""The kernel's XArray: node (a tree's node and its entries), state (XA_STATE), walk, store, marks, multi (entries over several
indices), bulk (the same in one go for large ranges), tree (counts), digest (one number for a whole tree), api (the calls of xarray.h).
"""
