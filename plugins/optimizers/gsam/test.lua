local basin, toy = require "basin", require "toy"
local watched, distance, refused = toy.watched, toy.distance, toy.refused
local adam = basin.optimizer "adam" { lr = 1e-2 }

-- alpha = 0 is SAM, bit for bit; alpha is not nothing.
local _, _, sam = watched("gsam-sam", 3, basin.optimizer("sam", { rho = 0.1, base = adam }))
local seen, _, same = watched("gsam-same", 3, basin.optimizer("gsam", { rho = 0.1, alpha = 0, base = adam }))
local _, _, other = watched("gsam-other", 3, basin.optimizer("gsam", { rho = 0.1, base = adam }))
assert(#seen == 6 and distance(sam, same) < 1e-6 and distance(sam, other) > 1e-4)

toy.reports_sharpness("gsam", basin.optimizer("gsam", { rho = 0.5, base = adam }))

-- It learns.
local _, _, _, losses = watched("gsam-learns", 60, basin.optimizer("gsam", { base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local stuck = basin.optimizer("gsam", { rho = 5, base = basin.optimizer "adam" { lr = 3e-3 } })
local share, advice = toy.started("gsam-stuck", stuck)
assert(share > 0.9 and advice and advice < 1, share)

refused("alpha", function() return basin.optimizer "gsam" { alpha = -1, base = adam } end)
print "ok"
