// precompiled.hpp, and what the rooms include that may see Asio.
#pragma once

#include <spdlog/spdlog.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "precompiled.hpp"
