-- Figure 6 (and the left of the supplement's Figures 1 and 2): the norm of the predicted noise at every step of sampling
-- against that on noised images. Writes figure6.png and, because the curves all but cover each other, their differences
-- figure6-gap.png.
local basin = require "basin"
local study = require "study"

local bias = basin.metric "exposure_bias" { sampler = basin.sampler "ddpm" { steps = 100 }, images = basin.args.images // 2 }
local norms, gaps, names, rows, levels = {}, {}, {}, {}, nil
for i, row in ipairs(study.rows) do
  names[i], norms[i], levels = row[3], study.mean_curve(row, bias, "sampling norm")
  gaps[i] = norms[i] - study.mean_curve(row, bias, "training norm")
  rows[i] = { row[3], study.over_seeds(function(seed)
    local found, norm = bias:measure(study.weights(row, seed), study.test_images), {}
    for _, curve in ipairs(found.curves) do norm[curve.name] = basin.tensor(curve.y) end
    -- Where a gap changes its sign on the way, its mean hides how large it is.
    local size = (norm["sampling norm"] - norm["training norm"]):abs():mean():item()
    return found.gap_last_step, found.squared_gap_last_step, found.gap_mean, size
  end) }
end
local picture = basin.stack(gaps):plot {
  path = "figure6-gap.png", x = levels, names = names, title = "Norm of the predicted noise, sampling minus training",
  x_label = "t", y_label = "difference",
}
norms[#norms + 1], names[#names + 1] = study.mean_curve(study.rows[1], bias, "training norm"), "training (ADM)"
print(basin.table { columns = { "", "|eps| gap, last step", "|eps|^2 gap, last step", "|eps| gap, mean of steps", "its size, mean of steps" }, rows = rows })
print("picture: " .. basin.stack(norms):plot {
  path = "figure6.png", x = levels, names = names, title = "L2 norm of the predicted noise, 100 steps", x_label = "t",
  y_label = "norm",
} .. ", " .. picture)
study.footer()
