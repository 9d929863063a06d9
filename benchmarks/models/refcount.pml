/* tdx_pamt_get / tdx_pamt_put of v2 (-DV=2) and v6 (-DV=6): N threads, each R times get, use, put on one region.
   One atomic block is one step of tdxkit's model; its rule "REMOVE finds a pair" is the assert in remove(). */

byte refcount = 0, users = 0;
bool pair = false, locked = false;

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }
inline remove() { d_step { assert(pair); pair = false } }

active [N] proctype cpu()
{
    byte round = 0;
    bool more, unused;
    do
    :: round == R -> break
    :: round < R ->
        more = false; unused = false;
        /* get */
        if
        :: atomic { refcount > 0 -> refcount++ }
        :: atomic { refcount == 0 -> more = true }
        fi;
        if
        :: !more
        :: more ->
            skip; /* alloc_page() twice */
            lock();
            if
            :: refcount > 0 -> refcount++; unused = true
            :: refcount == 0 ->
                d_step { unused = pair; pair = true };
                refcount = 1
            fi;
            unlock();
            if
            :: unused -> skip /* __free_page() twice */
            :: !unused
            fi
        fi;
        unused = false; more = false;
        /* use */
        d_step { assert(pair); users++ };
        users--;
        /* put */
#if V == 2
        d_step { refcount--; more = (refcount == 0) };
        if
        :: !more
        :: more ->
            lock();
            if
            :: refcount > 0 -> unlock()
            :: refcount == 0 -> remove(); unlock(); skip
            fi
        fi;
#else
        d_step { more = (refcount == 1); if :: more :: else -> refcount-- fi };
        if
        :: !more
        :: more ->
            lock();
            d_step { refcount--; more = (refcount == 0) };
            if
            :: !more -> unlock()
            :: more -> remove(); unlock(); skip
            fi
        fi;
#endif
        more = false;
        round++
    od
}
