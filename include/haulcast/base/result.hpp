// How an expected failure travels: as a value.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace haulcast {

/// A failure that an operator reads: one clear sentence. Rooms whose failures are told apart by code have enums of their own.
struct failure {
  std::string what;
};

[[noreturn]] void throw_exception_from_error(const failure& error, const boost::source_location& where);

template <class T, class E = failure>
using result = boost::system::result<T, E>;

}  // namespace haulcast
