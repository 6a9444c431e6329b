#include "haulcast/wire/registration.hpp"

#include <array>
#include <cmath>

#include "haulcast/wire/json_out.hpp"
#include "strict_body.hpp"

namespace haulcast::wire {

namespace {

using engine::registration;

struct registration_body : registration {
  std::string truck_id;
};
using member = body_member<registration_body>;
using number = number_member<registration_body>;
using text = text_member<registration_body>;
using other = other_member<registration_body>;

constexpr std::size_t id_bytes = 128;

// Ranges refuse what is a slip of units (feet, centimetres, tonnes) and let pass what drives: road trains are 53.5 m long, mine
// trucks weigh 600 t and are 10 m wide.
const std::array<member, 9> members{{
    {"truck_id", text{&registration_body::truck_id, id_bytes}},
    {"name", text{&registration_body::name, 128}},
    {"plate", text{&registration_body::plate, 32}},
    {"max_speed_kmh", number{&registration_body::max_speed_kmh, 1, 400}},
    {"length_m", number{&registration_body::length_m, 0.1, 100}},
    {"width_m", number{&registration_body::width_m, 0.1, 20}},
    {"height_m", number{&registration_body::height_m, 0.1, 20}},
    {"weight_kg", number{&registration_body::weight_kg, 1, 1'000'000}},
    {"attributes", other{[](const simdjson::dom::element& given, std::string_view name, registration_body& into) {
       return read_attributes(given, name, into.attributes);
     }}},
}};

void append_text(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += name;
  append_string(out, value);
}

void append_number_member(std::string& out, std::string_view name, double value) {
  if (std::isnan(value)) return;
  out += name;
  append_number(out, value);
}

}  // namespace

result<registration, body_failure> parse_registration(std::string_view body, std::string_view truck_id) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  registration_body into;
  if (auto fault = parse_object(parser, body, object)) return *std::move(fault);
  if (auto fault = read_members<registration_body>(object, members, into)) return *std::move(fault);
  if (!into.truck_id.empty() && into.truck_id != truck_id)
    return body_failure{"field_invalid", "/truck_id", "The truck_id differs from the one in the path."};
  return registration{std::move(into)};
}

void append_registration_members(std::string& out, const registration& said) {
  append_text(out, R"(,"name":)", said.name);
  append_text(out, R"(,"plate":)", said.plate);
  append_number_member(out, R"(,"max_speed_kmh":)", said.max_speed_kmh);
  append_number_member(out, R"(,"length_m":)", said.length_m);
  append_number_member(out, R"(,"width_m":)", said.width_m);
  append_number_member(out, R"(,"height_m":)", said.height_m);
  append_number_member(out, R"(,"weight_kg":)", said.weight_kg);
  if (said.attributes.empty()) return;
  out += R"(,"attributes":)";
  out += said.attributes;
}

}  // namespace haulcast::wire
