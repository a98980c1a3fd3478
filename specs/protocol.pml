/* The protocol for one key: workers, an operator, provider events, verdicts and a queue, searched
 * exhaustively within small bounds.
 *
 * Any command may be executed once or not at all with its answer lost, and up to GHOSTS copies of
 * commands are executed again at any later time (a client that resends after a reconnect). A zombie
 * needs no code: a process is just not scheduled while its lease ends. A crash starts over.
 *
 * Environment   RETRY (the handler calls once() again within a claim), SWALLOW (it swallows errors),
 *               OPER (an honest operator), RECON (verdicts from silence), EVENTS (provider events),
 *               TRIPWIRE (it may block an effect), IN_PLACE (a held message keeps its visibility and
 *               goes on by itself), CLOCK (the store's time jumps), RESET (the store forgets a record
 *               of which nothing could be accepted: the fence starts again), REDRIVE (the dead letter comes back once), ORDER (the next message of the
 *               group starts when this one has left), BURY (we dead-letter), FAULTY_HOLD (a begin that
 *               is refused is repeated, and the release after it never comes), MOVING_DEADLINE,
 *               UNFINISHED_EXPIRES, DEAD_IS_DONE, SQS_REDRIVES (wrong rules, each with its reason)
 * Properties    P1 accepted mails per effect <= 1; P2 deleted only when done or dead-lettered;
 *               P3 done only with every effect's mail; always on (but NOP1).
 *               P4 evidence settles; P5 order (ORDER); P6 nothing is held for an attempt that nobody
 *               was granted; P7 two receipts raise the alarm; P8 what is blocked is never sent.
 */
#ifndef GHOSTS
#define GHOSTS 1
#endif
#ifndef MAXP
#define MAXP 2
#endif
#ifndef MAXR
#define MAXR 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef EXPS
#define EXPS 2
#endif
#include "record.pml"

mtype = { OP_CLAIM, OP_BEGIN, OP_BLOCK, OP_SETTLE, OP_COMPLETE, OP_RELEASE, OP_NOTSENT };

/* physical attempts: what a worker was granted, and what became of it at the provider */
typedef Attempt {
  byte e; byte owner; byte fence; byte n;
  byte age;            /* 0 before its deadline, 1 after it, 2 when its signature is stale */
  bool onWire; mtype answer; bool accepted; bool event; bool seen; bool sealed
};
Attempt at[MAXP];
byte attempts = 0;
byte mails[EFFECTS];
bool wasBlocked[EFFECTS];

/* the queue */
bool visible = true; bool gone = false; bool inDlq = false;
byte receives = 0; byte owners = 0; byte message = 1; bool nextStarted = false;
byte crashes = CRASHES; byte expiries = EXPS; byte ghostsLeft = GHOSTS;
bool expired = false;

chan ghost = [GHOSTS] of { mtype, byte, byte, byte, byte, mtype, byte };

#ifdef WITHOUT_STALENESS
#define STALEFOR(p) (true)
#else
#define STALEFOR(p) (p == NOBODY || at[p].age == 2)
#endif
#ifdef WITHOUT_WATERMARK
#define WATERMARK(p) (true)
#else
#define WATERMARK(p) (!at[p].event)
#endif
#if EFFECTS == 1
#define ALLSTALE (!OPEN(0) || STALEFOR(fx[0].attempt))
#define ALLMAILED (mails[0] >= 1 || fx[0].state == DROPPED)
#else
#define ALLSTALE ((!OPEN(0) || STALEFOR(fx[0].attempt)) && (!OPEN(1) || STALEFOR(fx[1].attempt)))
#define ALLMAILED ((mails[0] >= 1 || fx[0].state == DROPPED) && (mails[1] >= 1 || fx[1].state == DROPPED))
#endif
#ifdef CLOCK
#define MAYEND (true)
#else
/* the lease outlives the attempt's deadline */
#define MAYEND1(e) (fx[e].state != SENDING || fx[e].attempt == NOBODY || at[fx[e].attempt].age > 0)
#if EFFECTS == 1
#define MAYEND MAYEND1(0)
#else
#define MAYEND (MAYEND1(0) && MAYEND1(1))
#endif
#endif
#ifdef MOVING_DEADLINE
#define MAYSIGN(p) (LIVE(o,f))
#define REFUSED(p) (at[p].sealed)
#else
#define MAYSIGN(p) (at[p].age == 0)
#define REFUSED(p) (at[p].age == 2)
#endif

#define MAYREPEAT(op,e,o,f,m,out,p) \
  if :: ghostsLeft > 0 -> ghostsLeft--; ghost!op(e,o,f,m,out,p) :: true fi
#define MAYCRASH if :: crashes > 0 -> crashes--; goto idle :: true fi

proctype Worker(bool first) {
  byte o = 0; byte f = 0; byte n = 0; byte e = 0; byte p = NOBODY;
  mtype reply = R_NONE; mtype outcome = OUT_UNKNOWN;
idle:
  atomic { o = 0; f = 0; n = 0; e = 0; p = NOBODY; reply = R_NONE; outcome = OUT_UNKNOWN }
end:
  atomic { visible && !gone && receives < MAXR && (first || owners > 0) ->
    visible = false; receives++; owners++; o = owners };
claiming:
  if
  :: atomic { claim(o, message, reply); f = recFence; MAYREPEAT(OP_CLAIM,0,o,0,0,OUT_UNKNOWN,NOBODY) }
  :: atomic { ghostsLeft > 0 -> ghostsLeft--; ghost!OP_CLAIM(0,o,0,0,OUT_UNKNOWN,NOBODY); goto idle }
  fi;
  if
  :: reply == R_DONE -> goto acknowledge
  :: reply == R_DEAD -> atomic { gone = true; inDlq = true }; goto idle
  :: reply == R_BUSY -> goto idle
  :: reply == R_CLAIMED
  fi;
once:
  reply = R_NONE;
  atomic {
    if :: attempts >= MAXP -> goto endOfModel :: else fi;
    n++;
    if
    :: true -> begin(e, o, f, n, reply);
       if
       :: reply == R_GRANTED ->
          p = attempts; attempts++;
          at[p].e = e; at[p].owner = o; at[p].fence = f; at[p].n = n;
          at[p].age = 0; at[p].answer = R_NONE; fx[e].attempt = p;
#ifdef P8
          assert(!wasBlocked[e]);
#endif
          MAYREPEAT(OP_BEGIN,e,o,f,n,OUT_UNKNOWN,NOBODY)
#ifdef FAULTY_HOLD
       :: reply == R_UNKNOWN -> MAYREPEAT(OP_BEGIN,e,o,f,n,OUT_UNKNOWN,NOBODY)
#endif
       :: else
       fi
    :: true -> begin(e, o, f, n, reply); reply = R_NONE             /* executed, answer lost */
    :: ghostsLeft > 0 -> ghostsLeft--; ghost!OP_BEGIN(e,o,f,n,OUT_UNKNOWN,NOBODY); reply = R_NONE
#ifdef TRIPWIRE
    :: !fx[e].allowed -> block(e, o, f, n, reply);
       if :: reply == R_BLOCKED -> wasBlocked[e] = true :: else fi; reply = R_NONE   /* answer lost */
    :: !fx[e].allowed -> block(e, o, f, n, reply);
       if
       :: reply == R_BLOCKED -> wasBlocked[e] = true; MAYREPEAT(OP_BLOCK,e,o,f,n,OUT_UNKNOWN,NOBODY)
       :: else -> reply = R_LOST
       fi
#endif
    fi
  }
  if
  :: reply == R_LOST -> goto idle
  :: reply == R_ACCEPTED -> goto nextEffect
  :: reply == R_DROPPED -> goto nextEffect
  :: reply == R_UNKNOWN ->
#ifndef WITHOUT_NOT_MADE
     atomic { settle(e, o, f, n, OUT_REJECTED, NOBODY, reply) };
#endif
     goto hold
  :: reply == R_BLOCKED -> goto hold
  :: reply == R_NONE ->
#ifndef WITHOUT_GIVING_UP
     atomic { settle(e, o, f, n, OUT_REJECTED, NOBODY, reply) };
#endif
     goto hold
  :: reply == R_GRANTED
  fi;
  MAYCRASH;
  atomic { if :: MAYSIGN(p) -> skip :: else -> outcome = OUT_REJECTED; goto settling fi };
  MAYCRASH;
  at[p].onWire = true;
  if
  :: at[p].answer == R_ACCEPTED -> outcome = OUT_ACCEPTED
  :: at[p].answer == R_REFUSED -> outcome = OUT_REJECTED
  :: outcome = OUT_UNKNOWN
  :: atomic { crashes > 0 -> crashes--; goto idle }
  fi;
settling:
  atomic {
    if
    :: true -> settle(e, o, f, n, outcome, p, reply); MAYREPEAT(OP_SETTLE,e,o,f,n,outcome,p)
    :: outcome == OUT_UNKNOWN -> skip                        /* not written: sending says as much */
    fi };
  MAYCRASH;
  if
  :: outcome == OUT_ACCEPTED -> goto nextEffect
#ifdef RETRY
  :: outcome != OUT_ACCEPTED -> p = NOBODY; outcome = OUT_UNKNOWN; goto once
#endif
#ifdef SWALLOW
  :: outcome != OUT_ACCEPTED -> goto nextEffect
#endif
  :: outcome != OUT_ACCEPTED -> goto hold
  fi;
nextEffect:
  atomic { e++; n = 0; p = NOBODY; outcome = OUT_UNKNOWN;
    if :: e < EFFECTS -> goto once :: else -> e = 0 fi };
  atomic { complete(o, f, reply); MAYREPEAT(OP_COMPLETE,0,o,f,0,OUT_UNKNOWN,NOBODY) };
  MAYCRASH;
  if
  :: reply == R_DONE -> goto acknowledge
  :: else -> goto hold
  fi;
hold:
#ifdef FAULTY_HOLD
  atomic { if :: release(o, f, reply) :: true fi };          /* given up: the lease ends by itself */
#else
  atomic { release(o, f, reply); MAYREPEAT(OP_RELEASE,0,o,f,0,OUT_UNKNOWN,NOBODY) };
#endif
#ifdef IN_PLACE
  /* keeps the visibility, reads again, and claims anew once a fact is there */
  if
  :: atomic { !visible && !gone && owners < 4 && !SEENUNKNOWN(0) && fx[0].state != BLOCKED ->
       owners++; o = owners; n = 0; e = 0; p = NOBODY; outcome = OUT_UNKNOWN };
     goto claiming
  :: goto idle
  fi;
#endif
  goto idle;
acknowledge:
  atomic { assert(recState == DONE); gone = true };          /* P2 */
  goto idle;
endOfModel: false
}

proctype Ghost() {
  mtype op; byte e; byte o; byte f; byte n; mtype outcome; byte p; mtype reply = R_NONE;
end:
  do
  :: atomic { ghost?op(e,o,f,n,outcome,p) ->
      if
      :: op == OP_CLAIM -> claim(o, 1, reply)
      :: op == OP_BEGIN -> begin(e, o, f, n, reply)
      :: op == OP_BLOCK -> block(e, o, f, n, reply);
         if :: reply == R_BLOCKED -> wasBlocked[e] = true :: else fi
      :: op == OP_SETTLE -> settle(e, o, f, n, outcome, p, reply)
      :: op == OP_COMPLETE -> complete(o, f, reply)
      :: op == OP_RELEASE -> release(o, f, reply)
      :: op == OP_NOTSENT -> resolveNotSent(e, o, f, n, true, reply)
      fi; reply = R_NONE; op = OP_CLAIM; e = 0; o = 0; f = 0; n = 0; outcome = OUT_UNKNOWN; p = NOBODY }
  od
}

proctype Provider() { byte i = 0;
end:
  do
  :: atomic { attempts > 0 && at[0].onWire -> i = 0; goto take }
  :: atomic { attempts > 1 && at[1].onWire -> i = 1; goto take }
#if MAXP > 2
  :: atomic { attempts > 2 && at[2].onWire -> i = 2; goto take }
#endif
  od;
take:
  atomic { at[i].onWire = false;
    if
    :: !REFUSED(i) -> mails[at[i].e]++; at[i].accepted = true; at[i].answer = R_ACCEPTED;
#ifdef ORDER
       assert(!nextStarted);                                 /* P5 */
#endif
#ifndef NOP1
       assert(mails[at[i].e] <= 1);                          /* P1 */
#endif
#ifdef EVENTS
       if :: at[i].event = true
#ifndef RECON
          :: true                                            /* lost */
#endif
       fi
#endif
    :: at[i].answer = R_REFUSED
    :: true                                                  /* reset before it was taken */
    fi; i = 0; goto end }
}

#ifdef EVENTS
proctype Events() { byte i = 0; byte e; byte o; byte f; byte n; mtype reply = R_NONE;
end:
  do
  :: atomic { (at[0].event || (MAXP > 1 && at[1].event)
#if MAXP > 2
               || at[2].event
#endif
              ) ->
      if :: at[0].event -> i = 0 :: at[1].event -> i = 1
#if MAXP > 2
         :: at[2].event -> i = 2
#endif
      fi;
      at[i].seen = true;
      e = at[i].e; o = at[i].owner; f = at[i].fence; n = at[i].n;
#ifdef EVENTS_ONLY_UNKNOWN
      if
      :: fx[e].state == UNKNOWN ->
         settle(e, o, f, n, OUT_ACCEPTED, i, reply)
      :: else
      fi;
#else
      settle(e, o, f, n, OUT_ACCEPTED, i, reply);
#endif
      if :: at[i].event = false :: true fi;                  /* may be doubled */
      i = 0; e = 0; o = 0; f = 0; n = 0; reply = R_NONE }
  od
}
#endif

#if defined(OPER) || defined(RECON)
/* Names the attempt it read; decides about one that SES hasn't accepted (operator) or about silence. */
#define JUDGED(j) (SEENUNKNOWN(j) && fx[j].attempt != NOBODY && STALEFOR(fx[j].attempt))
inline judge(j) { e = j; o = fx[j].owner; f = fx[j].fence; n = fx[j].n; p = fx[j].attempt; left-- }
proctype Verdict() { byte e; byte o; byte f; byte n; byte p = NOBODY; byte left = 2; mtype reply = R_NONE;
end:
  do
  :: atomic { left > 0 && JUDGED(0) && !at[fx[0].attempt].accepted -> judge(0) }
     atomic { resolveNotSent(e, o, f, n, STALEFOR(p), reply); MAYREPEAT(OP_NOTSENT,e,o,f,n,OUT_UNKNOWN,NOBODY) }
#if EFFECTS == 2
  :: atomic { left > 0 && JUDGED(1) && !at[fx[1].attempt].accepted -> judge(1) }
     atomic { resolveNotSent(e, o, f, n, STALEFOR(p), reply) }
#endif
#ifdef RECON
  :: atomic { left > 0 && JUDGED(0) && at[fx[0].attempt].accepted && at[fx[0].attempt].age == 2 &&
              WATERMARK(fx[0].attempt) -> judge(0) }
     atomic { resolveNotSent(e, o, f, n, STALEFOR(p), reply) }
#endif
  :: atomic { left > 0 && SEENUNKNOWN(0) && fx[0].attempt != NOBODY && at[fx[0].attempt].accepted ->
       judge(0) }
     atomic { resolveSent(e, o, f, n, reply) }
#ifdef TRIPWIRE
  :: atomic { left > 0 && fx[0].state == BLOCKED -> judge(0) }
     if
     :: atomic { true -> resolveBlocked(e, o, f, n, true, reply);
          if :: reply == R_RESOLVED -> wasBlocked[0] = false :: else fi }
     :: atomic { true -> resolveBlocked(e, o, f, n, false, reply) }
     fi
#endif
  od
}
#endif

proctype Env() { mtype reply = R_NONE;
end:
  do
#ifdef BURY
  /* our own dead-lettering: bury, copy, delete */
  :: atomic { !gone && receives >= MAXR && visible ->
       bury(0, 0, message, ALLSTALE, reply);
       if :: reply == R_DEAD -> gone = true; inDlq = true; visible = false :: else fi;
       reply = R_NONE }
#endif
#ifdef SQS_REDRIVES
  /* the queue's own redrive knows nothing of the record */
  :: atomic { visible && !gone && receives >= MAXR -> visible = false; gone = true; inDlq = true
#ifdef DEAD_IS_DONE
      ; if :: recState != DONE && !OPEN(0) -> recState = DONE :: else fi
#endif
     }
#endif
  :: atomic { leaseLive && expiries > 0 && MAYEND -> expiries--; leaseLive = false }
  :: atomic { !visible && !gone -> visible = true }
  :: atomic { attempts > 0 && at[0].age < 2 -> at[0].age++ }
  :: atomic { attempts > 1 && at[1].age < 2 -> at[1].age++ }
#if MAXP > 2
  :: atomic { attempts > 2 && at[2].age < 2 -> at[2].age++ }
#endif
#ifdef MOVING_DEADLINE
  :: atomic { attempts > 0 && !at[0].sealed && !LIVE(at[0].owner, at[0].fence) -> at[0].sealed = true }
#endif
#ifdef RESET
  :: atomic { recState == RELEASED && (fx[0].state == NONE || fx[0].state == REJECTED) && !expired ->
       expired = true; recState = ABSENT; recFence = 0; recOwner = 0;
       fx[0].state = NONE; fx[0].owner = 0; fx[0].fence = 0; fx[0].n = 0;
       fx[0].floor = 0; fx[0].floorFence = 0 }
#endif
#ifdef UNFINISHED_EXPIRES
  :: atomic { (recState == RELEASED || (recState == CLAIMED && !leaseLive)) &&
              fx[0].state == ACCEPTED && !expired ->
       expired = true; recState = ABSENT; recFence = 0; recOwner = 0;
       fx[0].state = NONE; fx[0].receipt = NOBODY; fx[0].attempt = NOBODY }
#endif
#ifdef REDRIVE
  :: atomic { inDlq && message == 1 ->
       message = 2; inDlq = false; gone = false; receives = 0; visible = true }
#endif
#ifdef ORDER
  :: atomic { gone && !nextStarted -> nextStarted = true }
#endif
  od
}

active proctype Quiet() {
end:
  do
  :: atomic { recState == DONE ->
       assert(ALLMAILED);                                    /* P3 */
       break }
  :: atomic { timeout ->
#ifdef P4
       assert(!(attempts > 0 && at[0].accepted && at[0].seen) || fx[at[0].e].state == ACCEPTED);
       assert(!(attempts > 1 && at[1].accepted && at[1].seen) || fx[at[1].e].state == ACCEPTED);
#endif
#ifdef P7
       assert(!(attempts > 1 && at[0].accepted && at[1].accepted && at[0].seen && at[1].seen) || alarmed);
#endif
#ifdef P6
       assert(!(OPEN(0) && fx[0].attempt == NOBODY));
#endif
       break }
  od
}

init { atomic { run Worker(true); run Worker(false); run Ghost(); run Provider(); run Env();
#ifdef EVENTS
  run Events();
#endif
#if defined(OPER) || defined(RECON)
  run Verdict();
#endif
} }
