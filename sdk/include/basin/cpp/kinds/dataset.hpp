// dataset.hpp: DatasetComponent<T>.
//
//   void open();                                                     finds and checks files; may take a while; an error
//                                                                    of status NOT_FOUND: this is no such data set
//   DatasetInfo describe();                                          after open
//   void read(Span<const int64_t> indices, void* values, int64_t* labels);   on any thread; labels may be null
//                                                                    indices are those of items that there are
#pragma once
#include "../random.hpp"
#include "../services.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

struct DatasetInfo {
  int64_t count = 0, channels = 3, height = 0, width = 0;
  Type type = Type::uint8;               // uint8: 0..255, seen by models as x/127.5 - 1; float32: as it is
  std::vector<std::string> class_names;  // empty where there are no names
  int64_t classes = 0;                   // 0: no labels
  std::string reference;                 // what numbers may be compared with: "CIFAR-10 train, 50000 images"
  double gaussian_variance = 0;          // s^2 where the data are N(mean, s^2 I)
};

// An image file as [3,size,size], as guided-diffusion crops and resizes it. `out`: 3*size*size bytes.
inline void read_image(const std::string& path, int64_t size, uint8_t* out) {
  call<&basin_image_interface::read>(path.c_str(), size, out);
}
// The same from the bytes of a file, which errors call `name`; returns the picture's own sizes. size 0: only these.
struct ImageSize {
  int64_t height = 0, width = 0;
};
inline ImageSize decode_image(Span<const uint8_t> bytes, const std::string& name, int64_t size, uint8_t* out) {
  ImageSize found;
  call<&basin_image_interface::decode>(static_cast<const void*>(bytes.data()), static_cast<uint64_t>(bytes.size()),
                                       name.c_str(), size, out, &found.height, &found.width);
  return found;
}
// The same from [3,height,width] pixels.
inline void resize_image(const uint8_t* pixels, int64_t height, int64_t width, int64_t size, uint8_t* out) {
  call<&basin_image_interface::resize>(pixels, height, width, size, out);
}

template <class T>
struct DatasetComponent {
  using Requires = detail::List<basin_options_interface>;
  struct Kept {
    DatasetInfo info;
    std::vector<const char*> names;
  };
  static constexpr basin_dataset_functions functions{
      sizeof(basin_dataset_functions),
      detail::create<T, Kept>,
      detail::destroy<T, Kept>,
      [](void* self) -> basin_status {
        return guard([&] {
          auto& s = detail::self_of<T, Kept>(self);
          s.part.open();
          s.extra.info = s.part.describe();
          for (const std::string& name : s.extra.info.class_names) s.extra.names.push_back(name.c_str());
        });
      },
      [](void* self, basin_dataset_description* out) -> basin_status {
        return guard([&] {
          const Kept& kept = detail::self_of<T, Kept>(self).extra;
          const DatasetInfo& i = kept.info;
          const basin_dataset_description d{sizeof d,
                                            i.count,
                                            i.channels,
                                            i.height,
                                            i.width,
                                            static_cast<int32_t>(i.type),
                                            i.classes,
                                            kept.names.empty() ? nullptr : kept.names.data(),
                                            i.reference.c_str(),
                                            i.gaussian_variance};
          detail::fill(out, d);
        });
      },
      [](void* self, const int64_t* indices, uint32_t n, void* values, int64_t* labels) -> basin_status {
        return guard([&] {
          auto& s = detail::self_of<T, Kept>(self);
          for (uint32_t i = 0; i < n; ++i)
            if (indices[i] < 0 || indices[i] >= s.extra.info.count)
              throw error("Item " + std::to_string(indices[i]) + " was asked for, but the data set has " +
                          std::to_string(s.extra.info.count) + " items, from 0 on.");
          s.part.read(Span<const int64_t>(indices, n), values, labels);
        });
      }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_DATASET_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
