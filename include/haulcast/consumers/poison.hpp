// Finds the rows of a batch that a store cannot take, so that they hold up nothing else.
#pragma once

#include "haulcast/store/writer.hpp"

namespace haulcast::consumers {

/// Of a batch that write() called poison: takes out the rows that make it so and puts dead letters in their place, by trying
/// how far from its beginning it can be written (O(log rows) rehearsals for each such row). Nothing is written.
/// Error: what rehearse() says but poison; poison, when it is not any row that makes it so.
store::store_result<std::size_t> take_out_poison(store::writer& to, store::batch& rows);

}  // namespace haulcast::consumers
