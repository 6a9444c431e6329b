#include "haulcast/base/result.hpp"

#include <stdexcept>

namespace haulcast {

// Called by result::value() on an error, which only start-up and tests do.
void throw_exception_from_error(const failure& error, const boost::source_location&) { throw std::runtime_error{error.what}; }

}  // namespace haulcast
