// Mean and covariance of a data set's features in a NumPy archive, as programs that measure FID exchange them:
//
//   mu [D], sigma [D,D]        pytorch-fid, EDM, clean-fid
//   mu_s [D'], sigma_s [D',D'] beside them, of spatial features: guided-diffusion, which keeps images in arr_0 too
//   count, extractor[_s]       Basin's own: how many images; what the features are, as bytes of text
//
// A file of another program does not say which extractor it is of; then only the number of features can be compared.
#pragma once
#include "../../datasets/npz/npy.hpp"
#include "moments.hpp"

namespace fid {

using basin::error;

struct Statistics {
  Gaussian gaussian;
  std::string extractor;  // "": the file does not say
  std::string arrays;     // "mu and sigma"
};

class StatisticsFile {
 public:
  explicit StatisticsFile(const std::string& path) : path_(path) { zip_.open(path); }

  // What there is for so many features. Throws where there is nothing, or another extractor's.
  Statistics read(int64_t features, const std::string& extractor) {
    Statistics out;
    std::string there, others;
    for (const std::string suffix : {"", "_s"}) {
      if (!zip_.find("mu" + suffix + ".npy")) continue;
      const std::string theirs = text("extractor" + suffix);
      if (!theirs.empty() && theirs != extractor) {
        others += (others.empty() ? "" : " and of ") + theirs;
        continue;
      }
      const std::vector<double> mean = array("mu" + suffix, {-1});
      const auto d = static_cast<int64_t>(mean.size());
      there += (there.empty() ? "" : " and ") + std::to_string(d);
      if (d != features) continue;
      out.extractor = theirs;
      out.gaussian.mean = Tensor::from(mean);
      out.gaussian.covariance = covariance("sigma" + suffix, d);
      if (zip_.find("count.npy")) out.gaussian.count = static_cast<int64_t>(array("count", {}).at(0));
      out.arrays = "mu" + suffix + " and sigma" + suffix;
      return out;
    }
    if (!others.empty())
      throw error("The statistics '" + path_ + "' are of the features of " + others + ", and these are of " +
                  extractor + ": take that extractor, or statistics that were made with this one.");
    if (there.empty())
      throw error("'" + path_ + "' has no array mu: statistics for FID are a .npz file of mu and sigma.");
    throw error("The statistics '" + path_ + "' are of " + there + " features, and the extractor gives " +
                std::to_string(features) + ": they were made with another one.");
  }

 private:
  Tensor covariance(const std::string& name, int64_t d) {
    const std::vector<double> values = array(name, {d, d});
    double largest = 0, skew = 0, least = 0;
    for (int64_t i = 0; i < d; ++i)
      for (int64_t j = 0; j <= i; ++j) {
        const double a = values[static_cast<size_t>(i * d + j)], b = values[static_cast<size_t>(j * d + i)];
        largest = std::max(largest, std::abs(a)), skew = std::max(skew, std::abs(a - b));
        if (i == j) least = std::min(least, a);
      }
    if (skew > 1e-4 * largest || least < 0)
      throw error("The array " + name + " of '" + path_ + "' is no covariance: it " +
                  (least < 0 ? "has negative variances." : "is not symmetric."));
    return Tensor::from(values.data(), {d, d});
  }
  std::string text(const std::string& name) {
    std::string out;
    if (zip_.find(name + ".npy"))
      for (const double c : array(name, {-1})) out += static_cast<char>(static_cast<int>(c));
    return out;
  }
  // The values, where the shape is this one (-1: any); throws.
  std::vector<double> array(const std::string& name, const std::vector<int64_t>& shape) {
    const std::string who = "The array " + name + " of '" + path_ + "'";
    const auto* member = zip_.find(name + ".npy");
    if (!member) throw error("'" + path_ + "' has no array " + name + ".");
    archives::Zip::Stream stream(zip_, *member);
    const npz::Header header = npz::read_header(stream, member->size, who);
    bool fits = header.shape.size() == shape.size();
    int64_t n = 1;
    for (size_t i = 0; i < header.shape.size(); ++i) {
      fits = fits && (shape[i] < 0 || shape[i] == header.shape[i]);
      n *= header.shape[i];
    }
    if (!fits) throw error(who + " is " + header.text() + ", which is no shape for it.");
    std::vector<double> values(static_cast<size_t>(n));
    const auto take = [&](auto kind) {
      std::vector<decltype(kind)> raw(values.size());
      stream.read(raw.data(), raw.size() * sizeof kind);
      stream.finish();
      for (size_t i = 0; i < raw.size(); ++i) values[i] = static_cast<double>(raw[i]);
    };
    if (header.type == "<f8") take(double{});
    else if (header.type == "<f4") take(float{});
    else if (header.type == "<i8") take(int64_t{});
    else if (header.type == "|u1") take(uint8_t{});
    else throw error(who + " is " + header.text() + ", and numbers of type <f8 or <f4 were expected.");
    for (const double v : values)
      if (!std::isfinite(v)) throw error(who + " holds a value that is infinite or not a number.");
    return values;
  }
  std::string path_;
  archives::Zip zip_;
};

struct Named {
  std::string suffix;  // of its arrays: "", or "_s" of spatial features
  Gaussian gaussian;
  std::string extractor;
};

// The file appears whole or not at all. All of it is of the same images.
inline void write_statistics(const std::string& path, const std::vector<Named>& all) {
  const auto fail = [&](const char* why) {
    throw error("'" + path + "' cannot be written: " + why + ".", BASIN_ERROR_IO);
  };
  const auto array = [](const char* type, const std::string& shape, const void* data, size_t bytes) {
    std::string header = std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
    header += '\n';
    std::string out("\x93NUMPY\x01\0", 8);
    out += static_cast<char>(header.size() & 255), out += static_cast<char>(header.size() >> 8);
    return out + header + std::string(static_cast<const char*>(data), bytes);
  };
  std::vector<std::pair<std::string, std::string>> members = {
      {"count.npy", array("<i8", "", &all.at(0).gaussian.count, 8)}};
  for (const Named& one : all) {
    const std::vector<double> mean = one.gaussian.mean.values<double>(),
                              covariance = one.gaussian.covariance.values<double>();
    const std::string d = std::to_string(one.gaussian.features());
    members.emplace_back("mu" + one.suffix + ".npy", array("<f8", d + ",", mean.data(), mean.size() * 8));
    members.emplace_back("sigma" + one.suffix + ".npy",
                         array("<f8", d + ", " + d, covariance.data(), covariance.size() * 8));
    members.emplace_back("extractor" + one.suffix + ".npy", array("|u1", std::to_string(one.extractor.size()) + ",",
                                                                  one.extractor.data(), one.extractor.size()));
  }
  int code = 0;
  std::unique_ptr<zip_t, decltype(&zip_discard)> zip(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code),
                                                     zip_discard);
  if (!zip) fail("is its folder there, and may it be written to?");
  for (const auto& [name, bytes] : members) {
    zip_source_t* source = zip_source_buffer(zip.get(), bytes.data(), bytes.size(), 0);
    const zip_int64_t at = zip_file_add(zip.get(), name.c_str(), source, ZIP_FL_OVERWRITE);
    if (at < 0) zip_source_free(source), fail(zip_strerror(zip.get()));
    zip_set_file_compression(zip.get(), static_cast<zip_uint64_t>(at), ZIP_CM_STORE, 0);
  }
  if (zip_close(zip.get()) != 0) fail(zip_strerror(zip.get()));
  (void)zip.release();
}

}  // namespace fid
