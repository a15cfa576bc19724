#include "train/report.hpp"

#include <basin/report.h>

#include <algorithm>
#include <cctype>

#include "abi/border.hpp"
#include "abi/interfaces.hpp"

namespace basin {

namespace {

struct Sum {
  Tensor total;  // float64 [], on the device it came from
  int64_t count = 0;
};
using Sums = std::map<std::string, Sum>;

// By the parameters that are being trained. [run thread]
std::map<const basin_parameters*, Sums>& served() {
  static auto* all = new std::map<const basin_parameters*, Sums>;
  return *all;
}

void check_name(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), plain))
    throw Error("a reported number is called by letters, digits and '_'; got '" + name + "'");
  for (const char* taken : {"step", "loss", "images_per_second", "seconds", "segment"})
    if (name == taken) throw Error("'" + name + "' is what the training itself reports; call the number otherwise");
}

void add_to(Sums& sums, const std::string& key, const Tensor& one) {
  check_name(key);
  Sum& sum = sums[key];
  sum.total = sum.total.defined() ? sum.total + one : one.clone();
  sum.count++;
}

basin_status number(basin_parameters* parameters, const char* name, basin_tensor* value) {
  return guard([&] {
    const auto found = served().find(parameters);
    if (found == served().end()) return;
    const std::string key = needed(name, "The number's name");
    const at::NoGradGuard no_grad;
    const Tensor one = share(needed(value, "The number")).detach().to(at::kDouble);
    if (one.dim() != 0) throw Error("'" + key + "' is to be one number, a tensor [], and is " + c10::str(one.sizes()));
    add_to(found->second, key, one);
  });
}

const basin_report_interface kInterface = {sizeof kInterface, number};

}  // namespace

ServedReport::ServedReport(Parameters& parameters) : parameters_(parameters) { served()[&parameters_]; }
ServedReport::~ServedReport() { served().erase(&parameters_); }

void ServedReport::add(const std::string& name, double value) {
  add_to(served()[&parameters_], name, at::scalar_tensor(value, at::kDouble));
}

nlohmann::json ServedReport::take_means() {
  nlohmann::json means = nlohmann::json::object();
  for (const auto& [name, sum] : served()[&parameters_])
    means[name] = sum.total.item<double>() / static_cast<double>(sum.count);
  served()[&parameters_].clear();
  return means;
}

void add_report_interface() { add_interface(BASIN_REPORT_INTERFACE, &kInterface); }

}  // namespace basin
