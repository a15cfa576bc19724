// metric.hpp: MetricComponent<T>.
//
//   void measure(Measurement&);     pulls images, losses or the model itself, and writes numbers and curves
#pragma once
#include "../process.hpp"
#include "../services.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

class Measurement {
 public:
  explicit Measurement(basin_measurement* handle) : handle_(handle) {
    info_.size = sizeof info_;
    call<&basin_measurement_interface::info>(handle, &info_);
    if (info_.process) process = Process(info_.process);
    if (info_.denoiser) denoise = Denoiser(info_.denoiser);
    if (info_.parameters) parameters = Parameters(info_.parameters);
  }
  // Empty where no model is measured. Values of parameters that are changed are put back by the host.
  Process process;
  Denoiser denoise;
  Parameters parameters;

  int64_t n_images() const { return info_.n_images; }
  int64_t n_reference() const { return info_.n_reference; }
  int64_t channels() const { return info_.channels; }
  int64_t height() const { return info_.height; }
  int64_t width() const { return info_.width; }
  const Context& context() const { return *info_.context; }
  int32_t target() const { return info_.target; }                       // BASIN_TARGET_
  double gaussian_variance() const { return info_.gaussian_variance; }  // of the reference, or 0

  // Items [first, first + n): float32 [n,C,H,W] in the model's range; what is measured, and what it is measured
  // against.
  Tensor images(int64_t first, int64_t n) const { return items(BASIN_IMAGES, first, n); }
  Tensor reference(int64_t first, int64_t n) const { return items(BASIN_REFERENCE, first, n); }
  // Their features by the extractor that an option named: float32 [n,D].
  Tensor features(const Object& extractor, const Tensor& images) const {
    return detail::make<&basin_measurement_interface::features>(handle_, extractor.handle, images.handle());
  }
  // Training losses [n] of reference items `ids` at levels [n] (empty: drawn uniformly), at the parameters as they
  // stand.
  Tensor losses(Sizes ids, Span<const double> levels = {}, uint64_t draw = 0) const {
    if (!levels.empty() && levels.size() != ids.size())
      throw error(std::to_string(ids.size()) + " items, but " + std::to_string(levels.size()) + " noise levels.");
    return detail::make<&basin_measurement_interface::losses>(handle_, ids.data(), levels.data(), detail::count(ids),
                                                              draw);
  }

  // The first number is the metric's value. An estimate has an interval.
  void scalar(const std::string& name, double value) { scalar(name, value, std::nan(""), std::nan("")); }
  void scalar(const std::string& name, double value, double low, double high) {
    call<&basin_measurement_interface::scalar>(handle_, name.c_str(), value, low, high);
  }
  void curve(const std::string& name, const std::string& x_label, Span<const double> x, Span<const double> y,
             Span<const double> low = {}, Span<const double> high = {}) {
    if (y.size() != x.size() || (low.data() && low.size() != x.size()) || (high.data() && high.size() != x.size()))
      throw error("Curve '" + name + "' has " + std::to_string(x.size()) + " points, but not as many values.");
    call<&basin_measurement_interface::curve>(handle_, name.c_str(), x_label.c_str(), x.data(), y.data(), low.data(),
                                              high.data(), static_cast<uint32_t>(x.size()));
  }
  // What someone must know to compare: protocol("features", "shapes_features, 32").
  void protocol(const std::string& key, const std::string& value) {
    call<&basin_measurement_interface::protocol>(handle_, key.c_str(), value.c_str());
  }

 private:
  Tensor items(int32_t side, int64_t first, int64_t n) const {
    return detail::make<&basin_measurement_interface::images>(handle_, side, first, n);
  }
  basin_measurement* handle_;
  basin_measurement_info info_{};
};

template <class T>
struct MetricComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_measurement_interface>;
  static constexpr basin_metric_functions functions{sizeof(basin_metric_functions), detail::create<T>,
                                                    detail::destroy<T>,
                                                    [](void* self, basin_measurement* m) -> basin_status {
                                                      return guard([&] {
                                                        Measurement measurement(m);
                                                        detail::self_of<T>(self).part.measure(measurement);
                                                      });
                                                    }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_METRIC_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
