# Read by cpack before anything else.
if(NOT CPACK_AUDIOGENRL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "Paths are built in, and a package's are below /usr: configure with "
                      "-DCMAKE_INSTALL_PREFIX=/usr (cmake --workflow --preset package)")
endif()
if(CPACK_AUDIOGENRL_ALONE)
  message(FATAL_ERROR "A package for another processor takes its dependencies and completions "
                      "from a native build with its package in it: configure with "
                      "-DAUDIOGENRL_NATIVE=FOLDER (scripts/deb.sh --arch arm64)")
endif()

# Times in the package; cpack honours the variable too.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND ${CPACK_AUDIOGENRL_SOURCE}/scripts/epoch.sh
                  OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{SOURCE_DATE_EPOCH} ${epoch})
endif()
