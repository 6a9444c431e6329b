#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

std::string_view to_text(shape_problem::kind what) noexcept {
  switch (what) {
    case shape_problem::kind::latitude_out_of_range: return "the latitude must be between -90 and 90";
    case shape_problem::kind::longitude_out_of_range: return "the longitude must be between -180 and 180";
    case shape_problem::kind::radius_out_of_range: return "the radius must be between 1 and 1000000 metres";
    case shape_problem::kind::width_out_of_range: return "the width must be between 1 and 1000000 metres";
    case shape_problem::kind::no_ring: return "a polygon needs an outer ring";
    case shape_problem::kind::too_few_vertices: return "a ring needs at least 3 corners, a path at least 2 points";
    case shape_problem::kind::too_many_vertices: return "there are more than 10000 vertices";
    case shape_problem::kind::ring_not_closed: return "the ring's last vertex must be its first one again";
    case shape_problem::kind::vertex_repeated: return "the vertex is the same place as the one before";
    case shape_problem::kind::edge_of_half_the_earth: return "the next vertex is on the opposite side of the earth";
    case shape_problem::kind::ring_crosses_itself: return "the ring crosses or touches itself here";
    case shape_problem::kind::hole_outside: return "the hole is not wholly inside the outer ring";
    case shape_problem::kind::holes_overlap: return "the hole overlaps or touches another one";
  }
  return "the shape is not valid";
}

std::size_t vertices_of(const shape& s) noexcept {
  struct counter {
    std::size_t operator()(const circle&) const { return 1; }
    std::size_t operator()(const corridor& c) const { return c.path.size(); }
    std::size_t operator()(const polygon& p) const {
      std::size_t all = 0;
      for (const auto& r : p.rings) all += r.size();
      return all;
    }
  };
  return std::visit(counter{}, s);
}

}  // namespace haulcast::geo
