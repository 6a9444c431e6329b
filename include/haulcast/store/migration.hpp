// What taking a store to this program's schema came to.
#pragma once

namespace haulcast::store {

struct migration {
  int from = 0;  // 0: there was none
  int to = 0;
};

}  // namespace haulcast::store
