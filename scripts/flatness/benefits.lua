-- What the tables and figures of the paper leave out of its questions: the curvature itself, flatness in each filter's own
-- scale, how steep the models are in their input, the remedies for exposure bias beside SAM, the bias of FID in the number
-- of images, and diversity.
local basin = require "basin"
local study = require "study"

local images = basin.args.images
local shown = { study.rows[1], study.rows[2], study.rows[4], study.rows[7], study.rows[8] }

local hessian = basin.metric "hessian" { top = 1, images = math.max(2, images // 4), bands = 0, iterations = 15, probes = 4, density = 1 }
local by_filter = basin.metric "lpf" { mode = "filter_wise", sigma = 0.03, draws = basin.args.draws, images = images, bands = 0 }
local lipschitz = basin.metric "lipschitz" { images = math.max(2, images // 16) }
local rows = {}
for i, row in ipairs(shown) do
  rows[i] = { row[3], study.over_seeds(function(seed)
    local model = study.weights(row, seed)
    local curvature = hessian:measure(model, study.test_images)
    return curvature.top_eigenvalue, curvature.trace, by_filter:measure(model, study.test_images).lpf_minus_loss,
      by_filter:measure(model, study.train_images).lpf_minus_loss, lipschitz:measure(model, study.test_images).lipschitz
  end) }
end
print(basin.table {
  columns = { "", "Hessian, top", "Hessian, trace", "LPF - loss, by filter", "on training images", "Lipschitz" }, rows = rows,
})
print "by filter: noise of 0.03 times the norm of each filter; Lipschitz: of the predicted noise in the noisy image, mean over levels"

local ddpm = basin.sampler "ddpm" { steps = 20 }
local samplers = {
  { "", ddpm }, { "noise / 1.005", basin.sampler "epsilon_scaling" { scale = 1.005, base = ddpm } },
  { "noise / 1.02", basin.sampler "epsilon_scaling" { scale = 1.02, base = ddpm } },
  { "time shift", basin.sampler "time_shift" { base = ddpm } },
}
local columns = { "FID, 20 steps" }
for i, sampler in ipairs(samplers) do columns[i + 1] = sampler[1] == "" and "as it is" or sampler[1] end
rows = {}
for i, row in ipairs(shown) do
  rows[i] = { row[3], study.over_seeds(function(seed)
    local model, run = study.weights(row, seed)
    local fid = {}
    for k, sampler in ipairs(samplers) do fid[k] = study.fid(model, run, 20, sampler[2]).value end
    return table.unpack(fid)
  end) }
end
print(basin.table { columns = columns, rows = rows })

local infinite = basin.metric "fid" { features = study.features, groups = 8, points = 4 }
local diversity = basin.metric "diversity" { features = study.features }
local nearest = basin.metric "nearest_neighbours" { features = study.features }
rows = {}
for i, row in ipairs(shown) do
  rows[i] = { row[3], study.over_seeds(function(seed)
    local model, run = study.weights(row, seed)
    local _, sampled = study.fid(model, run, 20)
    local fid, spread = infinite:measure(sampled, study.test_images), diversity:measure(sampled, study.test_images)
    local near = nearest:measure(sampled, study.train_images)
    return fid.fid, fid.fid_infinity, spread.diversity, spread.diversity_of_reference, near.nearest,
      near.different_neighbours
  end) }
end
print(basin.table {
  columns = { "20 steps", "FID", "of infinitely many", "spread", "of the data", "to the nearest training image", "different ones" },
  rows = rows,
})
print "spread: mean squared distance in features between two images of a set; the features are those of FID"
study.footer()
