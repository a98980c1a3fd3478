/* Prints what every command does to every state of a record with one effect, a line each:
 *
 *   record effect attempt | command | reply | record after | effect after
 *
 * Commands come from owner 1 under fence 2, for message 1. The test beside core's record/ builds the same
 * table from the code.   spin -T table.pml
 */
#include "record.pml"

mtype reply;
byte r; byte s; byte a; byte op;

inline setRecord() {
  deadMessage = 0; leaseLive = false; recOwner = 1; recFence = 2;
  if
  :: r == 0 -> recState = ABSENT; recOwner = 0; recFence = 0; printf("absent")
  :: r == 1 -> recState = CLAIMED; leaseLive = true; printf("claimed-mine-live")
  :: r == 2 -> recState = CLAIMED; printf("claimed-mine-over")
  :: r == 3 -> recState = CLAIMED; recOwner = 2; recFence = 3; leaseLive = true; printf("claimed-later-live")
  :: r == 4 -> recState = CLAIMED; recOwner = 2; recFence = 3; printf("claimed-later-over")
  :: r == 5 -> recState = CLAIMED; recOwner = 2; leaseLive = true; printf("claimed-samefence-live")
  :: r == 6 -> recState = RELEASED; printf("released-mine")
  :: r == 7 -> recState = RELEASED; recOwner = 2; recFence = 3; printf("released-later")
  :: r == 8 -> recState = DONE; printf("done-mine")
  :: r == 9 -> recState = DONE; recOwner = 2; recFence = 3; printf("done-later")
  :: r == 10 -> recState = DEAD; recOwner = 0; deadMessage = 1; printf("dead-mine")
  :: r == 11 -> recState = DEAD; recOwner = 0; deadMessage = 2; printf("dead-other")
  fi }

inline setEffect() {
  fx[0].receipt = NOBODY; fx[0].allowed = false; fx[0].attempt = NOBODY; alarmed = false;
  if
  :: s == 0 -> fx[0].state = NONE; printf(" none")
  :: s == 1 -> fx[0].state = SENDING; printf(" sending")
  :: s == 2 -> fx[0].state = UNKNOWN; printf(" unknown")
  :: s == 3 -> fx[0].state = ACCEPTED; fx[0].receipt = 5; printf(" accepted")
  :: s == 4 -> fx[0].state = ACCEPTED; fx[0].receipt = OPERATOR; printf(" accepted-by-operator")
  :: s == 5 -> fx[0].state = REJECTED; printf(" rejected")
  :: s == 6 -> fx[0].state = BLOCKED; printf(" blocked")
  :: s == 7 -> fx[0].state = DROPPED; printf(" dropped")
  fi;
  if
  :: s == 0 -> fx[0].owner = 0; fx[0].fence = 0; fx[0].n = 0
  :: s != 0 && a == 0 -> fx[0].owner = 1; fx[0].fence = 2; fx[0].n = 1; printf(" mine-n1")
  :: s != 0 && a == 1 -> fx[0].owner = 1; fx[0].fence = 2; fx[0].n = 2; printf(" mine-n2")
  :: s != 0 && a == 2 -> fx[0].owner = 2; fx[0].fence = 3; fx[0].n = 1; printf(" later-n1")
  fi;
  fx[0].floor = fx[0].n; fx[0].floorFence = fx[0].fence }

inline runCommand() {
  printf(" | ");
  if
  :: op == 0 -> printf("claim"); claim(1, 1, reply)
  :: op == 1 -> printf("begin n1"); begin(0, 1, 2, 1, reply)
  :: op == 2 -> printf("begin n2"); begin(0, 1, 2, 2, reply)
  :: op == 3 -> printf("block n1"); block(0, 1, 2, 1, reply)
  :: op == 4 -> printf("block n2"); block(0, 1, 2, 2, reply)
  :: op == 5 -> printf("accepted n1 proof 5"); settle(0, 1, 2, 1, OUT_ACCEPTED, 5, reply)
  :: op == 6 -> printf("accepted n1 proof 6"); settle(0, 1, 2, 1, OUT_ACCEPTED, 6, reply)
  :: op == 7 -> printf("rejected n1"); settle(0, 1, 2, 1, OUT_REJECTED, NOBODY, reply)
  :: op == 8 -> printf("rejected n2"); settle(0, 1, 2, 2, OUT_REJECTED, NOBODY, reply)
  :: op == 9 -> printf("unknown n1"); settle(0, 1, 2, 1, OUT_UNKNOWN, NOBODY, reply)
  :: op == 10 -> printf("complete"); complete(1, 2, reply)
  :: op == 11 -> printf("release"); release(1, 2, reply)
  :: op == 12 -> printf("bury early"); bury(1, 2, 1, (!OPEN(0)), reply)
  :: op == 13 -> printf("bury stale"); bury(1, 2, 1, true, reply)
  :: op == 14 -> printf("not-sent early"); resolveNotSent(0, 1, 2, 1, false, reply)
  :: op == 15 -> printf("not-sent stale"); resolveNotSent(0, 1, 2, 1, true, reply)
  :: op == 16 -> printf("sent"); resolveSent(0, 1, 2, 1, reply)
  :: op == 17 -> printf("allow"); resolveBlocked(0, 1, 2, 1, true, reply)
  :: op == 18 -> printf("drop"); resolveBlocked(0, 1, 2, 1, false, reply)
  fi }

inline printAfter() {
  printf(" | %e | %e %d.%d %d | %e", reply, recState, recOwner, recFence, leaseLive, fx[0].state);
  if
  :: fx[0].state == NONE -> printf("\n")
  :: else ->
     printf(" %d.%d.%d floor %d.%d proof %d\n", fx[0].owner, fx[0].fence, fx[0].n,
            fx[0].floorFence, fx[0].floor, fx[0].receipt)
  fi }

active proctype Table() {
  do
  :: r == 12 -> break
  :: else ->
     s = 0;
     do
     :: s == 8 || (r == 0 && s == 1) -> break
     :: else ->
        a = 0;
        do
        :: a == 3 || (s == 0 && a == 1) -> break
        :: else ->
           op = 0;
           do
           :: op == 19 -> break
           :: else ->
              d_step { setRecord(); setEffect(); runCommand(); printAfter() };
              op++
           od;
           a++
        od;
        s++
     od;
     r++
  od }
