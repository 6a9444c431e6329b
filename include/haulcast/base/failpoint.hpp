// The places where a step of the server's work ends, each with a name, so that a test can have the server die right there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

// All there are, in stages: what stands before the underscore. Each is visited by tests/integration/failpoint_test.cpp.
#define HAULCAST_ALL_FAILPOINTS(X)                                       \
  X(admit_received)     /* the body of a batch is in hand */             \
  X(admit_parsed)       /* its positions are judged for form */          \
  X(admit_admitted)     /* there is room for it */                       \
  X(apply_applied)      /* the world holds it */                         \
  X(apply_recorded)     /* its record is in the group that gathers */    \
  X(apply_handed_over)  /* the group is the journal's thread's */        \
  X(commit_begun)       /* the journal's thread takes what gathered */   \
  X(commit_written)     /* the kernel has it */                          \
  X(commit_synced)      /* the disk has it */                            \
  X(commit_noted)       /* readers may read it */                        \
  X(commit_reported)    /* the loop will hear of it */                   \
  X(rotate_begun)       /* the segment is full */                        \
  X(rotate_synced)      /* it is durable */                              \
  X(rotate_created)     /* the next one has a name */                    \
  X(rotate_written)     /* and a header */                               \
  X(rotate_durable)     /* that is durable */                            \
  X(rotate_named)       /* and so is the name */                         \
  X(tell_begun)         /* the loop has heard of a commit */             \
  X(tell_viewed)        /* reads see a batch's positions */              \
  X(tell_offered)       /* its subscribers have them waiting */          \
  X(tell_woken)         /* and on their sockets */                       \
  X(tell_answering)     /* its sender comes next */                      \
  X(tell_answered)      /* and has its answer on its socket */           \
  X(snapshot_begun)     /* it is known which trucks are saved */         \
  X(snapshot_taken)     /* some of them are bytes */                     \
  X(snapshot_due)       /* and the journal has what they hold */         \
  X(snapshot_written)   /* rows, not committed */                        \
  X(snapshot_committed) /* a transaction of them */                      \
  X(snapshot_placed)    /* where to replay from, not committed */        \
  X(snapshot_ended)     /* the loop knows that all of it is committed */ \
  X(store_gathered)     /* records are rows */                           \
  X(store_filled)       /* rows and checkpoint, not committed */         \
  X(store_committed)    /* they are */                                   \
  X(store_durable)      /* for good */                                   \
  X(store_noted)        /* and the journal may forget their records */   \
  X(retention_chosen)   /* a segment is to go */                         \
  X(retention_removed)  /* its name is gone */                           \
  X(retention_durable)  /* for good */                                   \
  X(recovery_discarded) /* a segment that was just begun is gone */      \
  X(recovery_cut)       /* the torn tail is */                           \
  X(recovery_rewritten) /* what may not be durable is written again */   \
  X(recovery_synced)    /* and is durable */                             \
  X(recovery_loaded)    /* the snapshots are read */                     \
  X(recovery_replayed)  /* one record of the tail is applied */          \
  X(recovery_recorded)  /* the journal says that a life began */         \
  X(rebuild_begun)      /* a commit failed, all behind it is refused */  \
  X(rebuild_truncated)  /* the doubtful bytes are gone */                \
  X(rebuild_restarted)  /* the journal has a new segment */              \
  X(rebuild_recovered)  /* the world is as the journal has it */         \
  X(rebuild_recorded)   /* the journal took a record */                  \
  X(rebuild_taken)      /* the loop has the new world */                 \
  X(rebuild_resumed)    /* the journal's thread takes groups again */    \
  X(replace_written)    /* a file's new content lies beside it */        \
  X(replace_synced)     /* durable */                                    \
  X(replace_renamed)    /* in its place */                               \
  X(replace_durable)    /* for good */                                   \
  X(checkpoint_begun)   /* a consumer has come further */                \
  X(checkpoint_stored)  /* and it is stored */

namespace haulcast {

#define HAULCAST_FAILPOINT_ENUMERATOR(name) name,
enum class failpoint : std::uint8_t { HAULCAST_ALL_FAILPOINTS(HAULCAST_FAILPOINT_ENUMERATOR) };
#undef HAULCAST_FAILPOINT_ENUMERATOR

#define HAULCAST_FAILPOINT_TEXT(name) std::string_view{#name},
inline constexpr std::array failpoint_names{HAULCAST_ALL_FAILPOINTS(HAULCAST_FAILPOINT_TEXT)};  // by failpoint
#undef HAULCAST_FAILPOINT_TEXT

}  // namespace haulcast

// HAULCAST_FAILPOINT(commit_synced); is nothing in the product. A name that is not in the list does not compile.
#ifdef HAULCAST_FAILPOINTS
namespace haulcast {
/// The tests' (tests/mutants): dies here if it is told to. Any thread.
void pass(failpoint here);
}  // namespace haulcast
#define HAULCAST_FAILPOINT(name) ::haulcast::pass(::haulcast::failpoint::name)
#else
#define HAULCAST_FAILPOINT(name) static_cast<void>(::haulcast::failpoint::name)
#endif
