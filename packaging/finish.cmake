# Read by cpack when all files are in place, before they are packed: what
# debhelper does in other packages.
file(GLOB top LIST_DIRECTORIES true ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr
     ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
list(GET top 0 usr)
cmake_path(GET usr PARENT_PATH root)
set(doc ${usr}/share/doc/audiogenrl)
set(debian ${CPACK_AUDIOGENRL_SOURCE}/packaging/debian)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(MAKE_DIRECTORY ${doc} ${usr}/share/lintian/overrides)
file(COPY_FILE ${debian}/copyright ${doc}/copyright)
file(COPY_FILE ${debian}/changelog ${doc}/changelog.Debian)
file(COPY_FILE ${debian}/lintian-overrides ${usr}/share/lintian/overrides/audiogenrl)
file(CREATE_LINK ../../audiogenrl/examples ${doc}/examples SYMBOLIC)

file(GLOB_RECURSE manual ${usr}/share/man/*.[1-9])
run(gzip -9nf ${manual} ${doc}/changelog.Debian)

file(GLOB programs ${usr}/bin/*)
foreach(program IN LISTS programs)
  run(${CPACK_AUDIOGENRL_STRIP} --remove-section=.comment --remove-section=.note ${program})
endforeach()
file(GLOB plugin ${usr}/lib/lv2/audiogenrl.lv2/*.so)
if(plugin)
  run(${CPACK_AUDIOGENRL_STRIP} --strip-unneeded --remove-section=.comment --remove-section=.note ${plugin})
endif()

# As old as the sources, whoever built it, whenever, with whatever umask.
run(chmod -R u+rwX,go+rX,go-w,a-s ${root})
run(find ${root} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +)
