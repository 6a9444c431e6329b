#include "page.hpp"

#include <fmt/format.h>

#include <iterator>
#include <set>
#include <string_view>

namespace haulcast::http::contract {
namespace {

using json = nlohmann::ordered_json;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

/// What stands between backticks is code.
std::string prose(const std::string& text) {
  std::string out;
  bool code = false;
  for (const char c : escaped(text)) {
    if (c != '`') {
      out += c;
      continue;
    }
    code = !code;
    out += code ? "<code>" : "</code>";
  }
  return out;
}

const json& resolved(const json& document, const json& what) {
  if (!what.is_object() || !what.contains("$ref")) return what;
  return resolved(document, document.at(json::json_pointer{what.at("$ref").get<std::string>().substr(1)}));
}

std::string text_of(const json& object, const char* member) { return object.value(member, std::string{}); }

std::string upper(std::string method) {
  for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
  return method;
}

std::string last_part(const std::string& reference) { return reference.substr(reference.rfind('/') + 1); }

/// Writes the page from top to bottom.
class writer {
 public:
  /// `prefix` keeps apart the anchors of schemas that both documents name.
  writer(std::string& out, const json& document, std::string prefix)
      : out_{out}, document_{document}, prefix_{std::move(prefix)} {}

  template <class... Values>
  void add(fmt::format_string<Values...> form, Values&&... values) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<Values>(values)...);
  }

  std::string type_of(const json& schema) const {
    if (schema.contains("$ref")) {
      const auto name = last_part(schema.at("$ref"));
      return fmt::format("<a href=\"#{}{}\">{}</a>", prefix_, name, name);
    }
    if (schema.contains("const")) return "<code>" + escaped(schema.at("const").dump()) + "</code>";
    for (const char* several : {"anyOf", "oneOf"}) {
      if (schema.contains(several)) return joined(schema.at(several), [this](const json& one) { return type_of(one); });
    }
    if (schema.contains("enum"))
      return joined(schema.at("enum"), [](const json& one) { return "<code>" + escaped(one.dump()) + "</code>"; });
    if (schema.contains("items")) return type_names(schema) + " of " + type_of(schema.at("items"));
    return type_names(schema);
  }

  void members(const json& schema) {
    const json& of = resolved(document_, schema);
    if (!of.contains("properties")) return;
    std::set<std::string> required;
    for (const auto& name : of.value("required", json::array())) required.insert(name.get<std::string>());
    out_ += "<table>\n";
    for (const auto& [name, member] : of.at("properties").items()) {
      add("<tr><th><code>{}</code>{}</th><td>{}{}</td><td>{}</td></tr>\n", escaped(name),
          required.contains(name) ? "" : " <span class=\"dim\">optional</span>", type_of(member), bounds(member),
          prose(text_of(resolved(document_, member), "description")));
    }
    out_ += "</table>\n";
  }

  void example(const json& value) {
    add("<pre>{}</pre>\n", escaped(value.is_string() ? value.get<std::string>() : value.dump(2)));
  }

  void schemas() {
    for (const auto& [name, schema] : document_.at("components").at("schemas").items()) {
      add("<h3 id=\"{}{}\">{}</h3>\n<p>{} <span class=\"dim\">{}{}</span></p>\n", prefix_, name, name,
          prose(text_of(schema, "description")), type_of(schema), bounds(schema));
      members(schema);
    }
  }

 protected:
  std::string& out_;
  const json& document_;
  std::string prefix_;

 private:
  template <class F>
  static std::string joined(const json& list, F name_of) {
    std::string out;
    for (const auto& one : list) out += (out.empty() ? "" : " or ") + name_of(one);
    return out;
  }
  static std::string type_names(const json& schema) {
    if (!schema.contains("type")) return "any";
    const json& type = schema.at("type");
    return type.is_string() ? type.get<std::string>() : joined(type, [](const json& one) { return one.get<std::string>(); });
  }
  static std::string bounds(const json& schema) {
    std::string out;
    const auto range = [&](const char* least, const char* most, const char* what) {
      if (!schema.contains(least) && !schema.contains(most)) return;
      out += fmt::format(", {}{}{}{}", schema.contains(least) ? "from " + schema.at(least).dump() : "",
                         schema.contains(least) && schema.contains(most) ? " " : "",
                         schema.contains(most) ? "to " + schema.at(most).dump() : "", what);
    };
    range("minimum", "maximum", "");
    range("minItems", "maxItems", " of them");
    range("minLength", "maxLength", " characters");
    if (schema.contains("pattern")) out += ", <code>" + escaped(schema.at("pattern").get<std::string>()) + "</code>";
    return out;
  }
};

class operations_writer : public writer {
 public:
  using writer::writer;

  void all() {
    for (const auto& tag : document_.at("tags")) {
      const auto name = text_of(tag, "name");
      add("<h2 id=\"{}\">{}</h2>\n<p>{}</p>\n", name, name, prose(text_of(tag, "description")));
      for (const auto& [path, item] : document_.at("paths").items()) {
        for (const auto& [method, operation] : item.items()) {
          if (method != "parameters" && operation.at("tags").at(0) == name) one(path, item, method, operation);
        }
      }
    }
  }

 private:
  void one(const std::string& path, const json& item, const std::string& method, const json& operation) {
    add("<h3 id=\"{}\"><span class=\"method\">{}</span> <code>{}</code></h3>\n<p>{} {}</p>\n",
        text_of(operation, "operationId"), upper(method), escaped(path), prose(text_of(operation, "summary")),
        prose(text_of(operation, "description")));
    if (operation.contains("security") && operation.at("security").empty()) out_ += "<p class=\"dim\">Takes no token.</p>\n";
    parameters(item, operation);
    if (operation.contains("requestBody")) {
      const json& media = operation.at("requestBody").at("content").at("application/json");
      add("<h4>Body</h4>\n<p>{}</p>\n", type_of(media.at("schema")));
      examples(media);
    }
    out_ += "<h4>Answers</h4>\n<table>\n";
    for (const auto& [status, response] : operation.at("responses").items()) answer(status, resolved(document_, response));
    out_ += "</table>\n";
    for (const auto& [status, response] : operation.at("responses").items()) {
      if (!status.starts_with('2') || !resolved(document_, response).contains("content")) continue;
      for (const auto& [type, media] : resolved(document_, response).at("content").items()) examples(media);
    }
  }

  void parameters(const json& item, const json& operation) {
    std::string rows;
    for (const json* from : {&item, &operation}) {
      for (const auto& entry : from->value("parameters", json::array())) {
        const json& p = resolved(document_, entry);
        if (text_of(p, "name") == "traceparent") continue;
        rows += fmt::format("<tr><th><code>{}</code> <span class=\"dim\">{}</span></th><td>{}</td><td>{}</td></tr>\n",
                            escaped(text_of(p, "name")), text_of(p, "in"), type_of(p.at("schema")),
                            prose(text_of(p, "description")));
      }
    }
    if (!rows.empty()) add("<h4>Parameters</h4>\n<table>\n{}</table>\n", rows);
  }

  void answer(const std::string& status, const json& response) {
    std::string what;
    if (response.contains("content")) {
      for (const auto& [type, media] : response.at("content").items()) {
        if (!what.empty()) what += "<br>";
        what += type == "application/problem+json"
                    ? codes(media.at("schema"))
                    : type_of(media.at("schema")) + " <span class=\"dim\">" + escaped(type) + "</span>";
      }
    }
    add("<tr><th>{}</th><td>{}</td><td>{}</td></tr>\n", status, prose(text_of(response, "description")), what);
  }

  static std::string codes(const json& schema) {
    std::string out;
    for (const auto& code : schema.at("allOf").at(1).at("properties").at("code").at("enum")) {
      const auto name = code.get<std::string>();
      out += fmt::format("{}<a href=\"/docs/errors/{}\">{}</a>", out.empty() ? "" : ", ", name, name);
    }
    return out;
  }

  void examples(const json& media) {
    if (media.contains("example")) example(media.at("example"));
    if (!media.contains("examples")) return;
    for (const auto& [name, one] : media.at("examples").items()) {
      if (one.contains("summary")) add("<p class=\"dim\">{}</p>\n", prose(text_of(one, "summary")));
      example(one.at("value"));
    }
  }
};

class frames_writer : public writer {
 public:
  using writer::writer;

  void all() {
    std::set<std::string> from_client;
    for (const auto& [name, operation] : document_.at("operations").items()) {
      if (operation.at("action") != "receive") continue;
      for (const auto& message : operation.at("messages")) from_client.insert(last_part(message.at("$ref")));
    }
    for (const auto& [name, message] : document_.at("components").at("messages").items()) {
      add("<h3 id=\"frame-{}\"><code>{}</code> <span class=\"dim\">from the {}</span></h3>\n<p>{}</p>\n", name, name,
          from_client.contains(name) ? "client" : "server", prose(text_of(message, "summary")));
      members(message.at("payload"));
      for (const auto& one : message.at("examples")) example(one.at("payload"));
    }
  }
};

}  // namespace

std::string page_of(const json& openapi, const json& asyncapi) {
  std::string out;
  operations_writer operations{out, openapi, "schema-"};
  frames_writer frames{out, asyncapi, "frame-schema-"};
  const json& info = openapi.at("info");
  operations.add("<h1>haulcast {}</h1>\n<p>{}</p>\n", text_of(info, "version"), prose(text_of(info, "description")));
  out +=
      "<p>For programs: <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1), "
      "<a href=\"/asyncapi.json\">/asyncapi.json</a> (AsyncAPI 3.0).</p>\n<nav><ul>\n";
  for (const auto& [path, item] : openapi.at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      operations.add("<li><a href=\"#{}\">{} {}</a></li>\n", text_of(operation, "operationId"), upper(method), escaped(path));
    }
  }
  out +=
      "<li><a href=\"#frames\">Frames of the WebSocket</a></li>\n<li><a href=\"#errors\">Error codes</a></li>\n</ul></nav>\n";
  operations.all();
  frames.add("<h2 id=\"frames\">Frames of the WebSocket</h2>\n<p>{}</p>\n", prose(text_of(asyncapi.at("info"), "description")));
  frames.all();
  out += "<h2 id=\"schemas\">Schemas</h2>\n";
  operations.schemas();
  out += "<h2 id=\"frame-schemas\">Schemas of frames</h2>\n";
  frames.schemas();
  return out;
}

}  // namespace haulcast::http::contract
