// How result files are written at the lowest level.
#pragma once

#include <hdf5.h>

namespace parley::hdf5 {

// A file driver over HDF5's own (sec2) which tells HDF5 that every write succeeds, keeps the first failure for the
// recorder, and leaves the file alone from then on. HDF5 1.10 itself, once it sees a write fail, can close the file no
// more and crashes when the process ends.
//
// H5Fget_vfd_handle gives a pointer to a std::shared_ptr<std::string>: the first failure, empty as long as there is
// none.
hid_t tolerant_driver();

}  // namespace parley::hdf5
