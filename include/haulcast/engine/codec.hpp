// Positions and events as bytes: small, and exact to the last bit of every number.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "haulcast/base/bytes.hpp"
#include "haulcast/engine/event.hpp"
#include "haulcast/engine/position.hpp"

namespace haulcast::engine {

/// What the next position is written against.
struct position_before {
  utc_time timestamp;
  std::int64_t latitude = 0;  // in units of the code; 0 where the position had none
  std::int64_t longitude = 0;
  std::array<std::string_view, 4> texts;
};

/// Writes positions one after another, each against the one before it (which is what a truck's batch makes small: about 22
/// bytes for a position with five numbers). A number that is a whole multiple of 0.001 (of 1e-7 degrees for a place), as nearly
/// all are, takes a varint; any other its eight bytes. The texts of the last position given must stay valid until the next.
class position_encoder {
 public:
  explicit position_encoder(utc_time base) { before_.timestamp = base; }
  void encode(byte_writer& out, const position& p);

 private:
  position_before before_;
};

/// Reads them back in the same order; texts are views into the bytes read. Bytes that no encoder wrote end in !in.ok(), never
/// worse.
class position_decoder {
 public:
  explicit position_decoder(utc_time base) { before_.timestamp = base; }
  position decode(byte_reader& in);

 private:
  position_before before_;
};

/// `base`: a time that the reader knows too (the record's).
void encode(byte_writer& out, const event& e, utc_time base);
event decode_event(byte_reader& in, utc_time base);

}  // namespace haulcast::engine
