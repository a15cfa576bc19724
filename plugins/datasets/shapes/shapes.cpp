// Coloured shapes on gradients, drawn when they are asked for: a data set without files.
//
// Picture i is a function of (seed, i) alone: 16 uniform numbers, and from them kind, place, turn and colours
// (draw.hpp).
#include <basin/basin.hpp>

#include "draw.hpp"

using namespace basin;

struct Shapes {
  static constexpr const char* name = "shapes";
  static constexpr const char* summary = "Coloured anti-aliased shapes on gradients, drawn by the program itself.";
  int64_t count, size, seed, classes;

  static auto parameters() {
    return declare(
        integer("count", &Shapes::count, 5000, "How many pictures.").at_least(1).unit("images"),
        integer("size", &Shapes::size, 32, "Width and height; the same pictures at every size.")
            .between(4, 1024)
            .unit("pixels"),
        integer("seed", &Shapes::seed, 0, "Other pictures for another seed.").at_least(0),
        integer("classes", &Shapes::classes, shapes::n_kinds,
                "How many kinds of shape, in this order: circle, square, triangle, ring, cross, star, heart, moon.")
            .between(1, shapes::n_kinds));
  }

  void open() {}

  DatasetInfo describe() {
    DatasetInfo info;
    info.count = count, info.height = info.width = size;
    info.classes = classes;
    info.class_names.assign(shapes::kinds, shapes::kinds + classes);
    info.reference = "shapes " + std::to_string(size) + "x" + std::to_string(size) + ", " + std::to_string(count) +
                     " images, seed " + std::to_string(seed);
    if (classes < shapes::n_kinds) info.reference += ", " + std::to_string(classes) + " kinds";
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) const {
    auto* pixels = static_cast<uint8_t*>(values);  // [n,3,size,size]
    const Stream numbers = stream(static_cast<uint64_t>(seed), BASIN_PURPOSE_DATA);
    parallel_for(static_cast<int64_t>(indices.size()), 64, [&](int64_t begin, int64_t end) {
      float u[shapes::n_random];
      for (int64_t i = begin; i < end; ++i) {
        fill_uniform(numbers, indices[static_cast<size_t>(i)], Span<float>(u, shapes::n_random));
        shapes::draw(u, classes, size, pixels + i * 3 * size * size);
        if (labels) labels[i] = shapes::kind_of(u, classes);
      }
    });
  }
};

BASIN_PLUGIN("shapes", "0.1.0", "Apache-2.0", "A data set of drawn shapes, for trying things out without files.",
             basin::DatasetComponent<Shapes>)
