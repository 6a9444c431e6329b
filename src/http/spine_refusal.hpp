// What the pipeline refuses, in the words of the API.
#pragma once

#include "haulcast/http/problem.hpp"
#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::http {

constexpr code spine_code(pipeline::refusal r) {
  using pipeline::refusal;
  switch (r) {
    case refusal::not_ready: return code::not_ready;
    case refusal::overloaded: return code::overloaded;
    case refusal::storage_full: return code::storage_full;
    case refusal::not_committed: return code::not_committed;
    case refusal::importing: return code::import_under_way;
    case refusal::shutting_down: return code::shutting_down;
  }
  return code::internal_error;
}

}  // namespace haulcast::http
