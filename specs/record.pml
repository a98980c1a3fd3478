/* The record of one key as core's record/ has it: what each command answers and what it leaves behind.
 *
 * protocol.pml lets workers, operators and events loose on it; table.pml prints every case, for the
 * comparison with core's record/. Each -DWITHOUT_... leaves one rule out, to show what it is for.
 */
#ifndef EFFECTS
#define EFFECTS 1
#endif
#define NOBODY 99      /* no attempt */
#define OPERATOR 98    /* a receipt without the provider's id */

mtype = { ABSENT, CLAIMED, RELEASED, DONE, DEAD };
mtype = { NONE, SENDING, UNKNOWN, ACCEPTED, REJECTED, BLOCKED, DROPPED };
mtype = { R_NONE, R_CLAIMED, R_BUSY, R_DONE, R_DEAD, R_LOST, R_GRANTED, R_ACCEPTED, R_UNKNOWN,
          R_BLOCKED, R_DROPPED, R_REFUSED, R_SETTLED, R_NOATTEMPT, R_DUPLICATE, R_AFTERDEAD,
          R_UNRESOLVED, R_RELEASED, R_RESOLVED, R_NOTFOUND, R_TOOEARLY, R_ALREADY };
mtype = { OUT_ACCEPTED, OUT_REJECTED, OUT_UNKNOWN };

typedef Effect {
  mtype state = NONE;
  byte owner; byte fence; byte n;          /* the attempt the state speaks of */
  byte floor; byte floorFence;             /* the highest n begun or given up under a fence */
  byte receipt = NOBODY;
  bool allowed;                            /* an operator let it past the tripwire */
  byte attempt = NOBODY                    /* aux: the physical attempt behind it */
};

mtype recState = ABSENT;
byte recOwner = 0;
byte recFence = 0;
bool leaseLive = false;
byte deadMessage = 0;
Effect fx[EFFECTS];
bool alarmed = false;                        /* two receipts for one effect were seen */

#define HOLDS(o,f) (recState == CLAIMED && recOwner == o && recFence == f)
#define RELEASEDBY(o,f) (recState == RELEASED && recOwner == o && recFence == f)
#define LIVE(o,f) (HOLDS(o,f) && leaseLive)

#ifdef WITHOUT_TRY_NUMBER
#define SAME(e,o,f,m) (fx[e].owner == o && fx[e].fence == f)
#else
#ifdef WITHOUT_OWNER
#define SAME(e,o,f,m) (fx[e].fence == f && fx[e].n == m)
#else
#define SAME(e,o,f,m) (fx[e].owner == o && fx[e].fence == f && fx[e].n == m)
#endif
#endif

/* what everyone but the live claim sees */
#define SEENUNKNOWN(e) (fx[e].state == UNKNOWN || \
  (fx[e].state == SENDING && !LIVE(fx[e].owner, fx[e].fence)))

#define OPEN(e) (fx[e].state == SENDING || fx[e].state == UNKNOWN)
#ifdef WITHOUT_UNRESOLVED
#define UNFINISHED(e) OPEN(e)
#else
#define UNFINISHED(e) (fx[e].state != NONE && fx[e].state != ACCEPTED && fx[e].state != DROPPED)
#endif
#if EFFECTS == 1
#define ANYUNFINISHED UNFINISHED(0)
#else
#ifdef WITHOUT_ALL_EFFECTS
#define ANYUNFINISHED UNFINISHED(1)
#else
#define ANYUNFINISHED (UNFINISHED(0) || UNFINISHED(1))
#endif
#endif

inline sendingToUnknown() {
  if :: fx[0].state == SENDING -> fx[0].state = UNKNOWN :: else fi
#if EFFECTS == 2
  ; if :: fx[1].state == SENDING -> fx[1].state = UNKNOWN :: else fi
#endif
}

inline claim(o, message, reply) {
  if
  :: recState == DEAD && deadMessage == message -> reply = R_DEAD
  :: recState == DONE -> reply = R_DONE
  :: recState == CLAIMED && leaseLive && recOwner == o -> reply = R_CLAIMED
  :: recState == CLAIMED && leaseLive && recOwner != o -> reply = R_BUSY
  :: else ->
     recState = CLAIMED; recOwner = o; recFence++; leaseLive = true;
     sendingToUnknown();
     reply = R_CLAIMED
  fi }

inline attempted(e, o, f, m) {
  fx[e].owner = o; fx[e].fence = f; fx[e].n = m; fx[e].floor = m; fx[e].floorFence = f }

inline begin(e, o, f, m, reply) {
  if
  :: recState == ABSENT -> reply = R_LOST
  :: recState != ABSENT && fx[e].state == ACCEPTED -> reply = R_ACCEPTED
  :: recState != ABSENT && fx[e].state != ACCEPTED && !LIVE(o,f) -> reply = R_LOST
  :: LIVE(o,f) && fx[e].state == SENDING && SAME(e,o,f,m) -> reply = R_GRANTED
  :: LIVE(o,f) && fx[e].state == SENDING && !SAME(e,o,f,m) -> reply = R_UNKNOWN
  :: LIVE(o,f) && fx[e].state == UNKNOWN -> reply = R_UNKNOWN
#ifndef WITHOUT_BLOCK
  :: LIVE(o,f) && fx[e].state == BLOCKED -> reply = R_BLOCKED
#endif
  :: LIVE(o,f) && fx[e].state == DROPPED -> reply = R_DROPPED
#ifndef WITHOUT_TRY_NUMBER
  :: LIVE(o,f) && fx[e].state == REJECTED && fx[e].floorFence == f && m <= fx[e].floor ->
     reply = R_LOST
#endif
  :: else ->
     attempted(e, o, f, m);
     fx[e].state = SENDING; fx[e].receipt = NOBODY; fx[e].attempt = NOBODY;
     reply = R_GRANTED
  fi }

inline block(e, o, f, m, reply) {
  if
  :: !LIVE(o,f) -> reply = R_LOST
  :: LIVE(o,f) && fx[e].state == BLOCKED && SAME(e,o,f,m) -> reply = R_BLOCKED
  :: LIVE(o,f) && fx[e].state == REJECTED && fx[e].floorFence == f && m <= fx[e].floor ->
     reply = R_LOST
  :: LIVE(o,f) && (fx[e].state == NONE ||
     (fx[e].state == REJECTED && !(fx[e].floorFence == f && m <= fx[e].floor))) ->
     attempted(e, o, f, m);
     fx[e].state = BLOCKED; fx[e].allowed = false; fx[e].attempt = NOBODY;
     reply = R_BLOCKED
  :: else -> reply = R_REFUSED
  fi }

inline settle(e, o, f, m, outcome, proof, reply) {
  if
  :: outcome == OUT_ACCEPTED ->
     if
     :: recState == ABSENT -> reply = R_NOATTEMPT
     :: recState != ABSENT && fx[e].state == ACCEPTED && fx[e].receipt == proof -> reply = R_SETTLED
     :: recState != ABSENT && fx[e].state == ACCEPTED && fx[e].receipt == OPERATOR ->
        fx[e].receipt = proof; reply = R_SETTLED
     :: recState != ABSENT && fx[e].state == ACCEPTED && fx[e].receipt != proof &&
        fx[e].receipt != OPERATOR -> alarmed = true; reply = R_DUPLICATE
#ifdef WITHOUT_LATE_FACTS
     :: recState != ABSENT && fx[e].state != ACCEPTED && !SAME(e,o,f,m) -> reply = R_LOST
     :: recState != ABSENT && fx[e].state != ACCEPTED && SAME(e,o,f,m) ->
#else
     :: recState != ABSENT && fx[e].state != ACCEPTED ->
#endif
        fx[e].owner = o; fx[e].fence = f; fx[e].n = m;
        if
        :: fx[e].floorFence == f && fx[e].floor < m -> fx[e].floor = m
        :: fx[e].state == NONE -> fx[e].floor = m; fx[e].floorFence = f
        :: else
        fi;
        fx[e].state = ACCEPTED; fx[e].receipt = proof;
        if :: recState == DEAD -> reply = R_AFTERDEAD :: else -> reply = R_SETTLED fi
     fi
  :: outcome == OUT_REJECTED ->
     if
     :: recState == ABSENT -> reply = R_LOST
     :: recState != ABSENT && fx[e].state != NONE && SAME(e,o,f,m) ->
        if
        :: fx[e].state == REJECTED -> reply = R_SETTLED
        :: OPEN(e) -> fx[e].state = REJECTED; fx[e].attempt = NOBODY; reply = R_SETTLED
        :: else -> reply = R_LOST
        fi
     :: recState != ABSENT && !(fx[e].state != NONE && SAME(e,o,f,m)) ->
        if
        :: recOwner != o || recFence != f || recState == DONE || recState == DEAD ->
           reply = R_LOST
        :: else ->
           if
           :: fx[e].state == NONE -> attempted(e, o, f, m); fx[e].state = REJECTED
           :: fx[e].state != NONE && !(fx[e].floorFence == f && fx[e].floor >= m) ->
              fx[e].floor = m; fx[e].floorFence = f
           :: else
           fi;
           reply = R_SETTLED
        fi
     fi
  :: outcome == OUT_UNKNOWN ->
     if
     :: fx[e].state == UNKNOWN && SAME(e,o,f,m) && LIVE(o,f) -> reply = R_SETTLED
     :: fx[e].state == SENDING && SAME(e,o,f,m) && LIVE(o,f) ->
        fx[e].state = UNKNOWN; reply = R_SETTLED
     :: else -> reply = R_LOST
     fi
  fi }

inline complete(o, f, reply) {
  if
  :: recState == DONE && recOwner == o && recFence == f -> reply = R_DONE
  :: (HOLDS(o,f) || RELEASEDBY(o,f)) && ANYUNFINISHED -> reply = R_UNRESOLVED
  :: (HOLDS(o,f) || RELEASEDBY(o,f)) && !ANYUNFINISHED -> recState = DONE; leaseLive = false; reply = R_DONE
  :: else -> reply = R_LOST
  fi }

inline release(o, f, reply) {
  if
  :: recState == RELEASED && recOwner == o && recFence == f -> reply = R_RELEASED
  :: HOLDS(o,f) ->
     recState = RELEASED; leaseLive = false; sendingToUnknown(); reply = R_RELEASED
  :: else -> reply = R_LOST
  fi }

/* `stale`: whatever was signed for the open attempts is refused by now */
inline bury(o, f, message, stale, reply) {
  if
  :: recState == DONE -> reply = R_DONE
  :: recState == DEAD && deadMessage == message -> reply = R_DEAD
  :: recState == CLAIMED && leaseLive && !LIVE(o,f) -> reply = R_BUSY
  :: else ->
     if
     :: !(stale) -> reply = R_TOOEARLY
     :: else ->
        recState = DEAD; recOwner = 0; recFence++; leaseLive = false; deadMessage = message;
        sendingToUnknown();
        reply = R_DEAD
     fi
  fi }

#ifdef UNNAMED_VERDICT
#define NAMED(e,o,f,m) (fx[e].state != NONE)
#else
#define NAMED(e,o,f,m) (fx[e].state != NONE && SAME(e,o,f,m))
#endif

inline resolveNotSent(e, o, f, m, stale, reply) {
  if
  :: recState == ABSENT || !NAMED(e,o,f,m) -> reply = R_NOTFOUND
  :: recState != ABSENT && NAMED(e,o,f,m) && !OPEN(e) -> reply = R_ALREADY
  :: recState != ABSENT && NAMED(e,o,f,m) && OPEN(e) && (!SEENUNKNOWN(e) || !(stale)) ->
     reply = R_TOOEARLY
  :: else -> fx[e].state = REJECTED; fx[e].attempt = NOBODY; reply = R_RESOLVED
  fi }

inline resolveSent(e, o, f, m, reply) {
  if
  :: recState == ABSENT || !NAMED(e,o,f,m) -> reply = R_NOTFOUND
  :: recState != ABSENT && NAMED(e,o,f,m) && OPEN(e) && !SEENUNKNOWN(e) -> reply = R_TOOEARLY
  :: recState != ABSENT && NAMED(e,o,f,m) && !OPEN(e) && fx[e].state != REJECTED ->
     reply = R_ALREADY
  :: else -> fx[e].state = ACCEPTED; fx[e].receipt = OPERATOR; reply = R_RESOLVED
  fi }

inline resolveBlocked(e, o, f, m, allow, reply) {
  if
  :: recState == ABSENT || !NAMED(e,o,f,m) -> reply = R_NOTFOUND
  :: recState != ABSENT && NAMED(e,o,f,m) && fx[e].state != BLOCKED -> reply = R_ALREADY
  :: else ->
     if
     :: allow -> fx[e].state = REJECTED; fx[e].allowed = true
     :: else -> fx[e].state = DROPPED
     fi;
     reply = R_RESOLVED
  fi }
