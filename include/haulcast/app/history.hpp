// From the configuration to the store and the consumer that writes it.
#pragma once

#include <memory>

#include "haulcast/app/config.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/consumers/store_consumer.hpp"
#include "haulcast/journal/data_directory.hpp"
#include "haulcast/store/reader.hpp"

namespace haulcast::app {

/// The consumer, prepared and not started: it may still be meeting a store that does not answer. Error: one sentence not to
/// start with. Blocking, for a bounded time.
result<std::unique_ptr<consumers::store_consumer>> begin_history(const config& cfg, const journal::data_directory& directory,
                                                                 const journal::segment_log& log);

/// One more connection that reads what it wrote.
std::unique_ptr<store::reader> history_reader(const config& cfg, const journal::data_directory& directory);

}  // namespace haulcast::app
